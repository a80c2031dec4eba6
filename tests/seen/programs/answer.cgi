#!/bin/sh
# For a web server in which the process that serves the client starts this; if another does, set WHO.
case $REQUEST_URI in /work/*) sleep 0.3 ;; esac
printf 'Content-Type: text/plain\r\n\r\n%s' "${WHO:-$PPID $PPID}"
