-- For haproxy: /hello, /work/300.
core.register_service("answer", "http", function(applet)
    core.msleep(tonumber(applet.path:match("^/work/(%d+)")) or 0)
    applet:set_status(200)
    applet:add_header("content-length", "3")
    applet:start_response()
    applet:send("0 0")
end)
