<?php
// A process for each client.
pcntl_signal(SIGCHLD, SIG_IGN);
$listener = stream_socket_server("tcp://127.0.0.1:{$argv[1]}");
while ($client = stream_socket_accept($listener, -1)) {
    if (pcntl_fork() === 0) {
        fclose($listener);
        stream_set_timeout($client, 3600);
        while (($line = fgets($client)) !== false) {
            if (sscanf($line, 'work %d', $milliseconds) === 1) {
                usleep($milliseconds * 1000);
            }
            fwrite($client, str_replace('/task/', ' ', readlink('/proc/thread-self')) . "\n");
        }
        exit;
    }
    fclose($client);
}
