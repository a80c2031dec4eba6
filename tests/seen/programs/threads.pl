# A thread for each client.
use strict;
use warnings;
use threads;
use IO::Socket::INET;

my $listener = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1', LocalPort => $ARGV[0], Listen => 128, ReuseAddr => 1
) or die "cannot listen: $!";
while (my $client = $listener->accept) {
    threads->create(sub {
        while (my $line = <$client>) {
            select(undef, undef, undef, $1 / 1000) if $line =~ /^work (\d+)/;
            print {$client} join(' ', (split m{/}, readlink '/proc/thread-self')[0, 2]), "\n";
        }
        $client->close;
    })->detach;
    close $client;
}
