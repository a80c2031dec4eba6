#!/bin/sh
# For a web server that starts this as a child of whoever serves the client; WHO says that it does not.
case $REQUEST_URI in /work/*) sleep 0.3 ;; esac
printf 'Content-Type: text/plain\r\n\r\n%s' "${WHO:-$PPID $PPID}"
