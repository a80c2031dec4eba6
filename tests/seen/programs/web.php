<?php
// For PHP's own web server: /hello, /work/300.
if (sscanf($_SERVER['REQUEST_URI'], '/work/%d', $milliseconds) === 1) {
    usleep($milliseconds * 1000);
}
echo str_replace('/task/', ' ', readlink('/proc/thread-self'));
