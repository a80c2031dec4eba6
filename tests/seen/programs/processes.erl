%% An Erlang process for each client.
-module(processes).
-export([main/1]).

main([Port]) ->
    Options = [binary, {packet, line}, {active, false}, {reuseaddr, true}, {backlog, 128}],
    {ok, Listener} = gen_tcp:listen(list_to_integer(Port), [{ip, {127, 0, 0, 1}} | Options]),
    accept(Listener).

accept(Listener) ->
    {ok, Client} = gen_tcp:accept(Listener),
    gen_tcp:controlling_process(Client, spawn(fun() -> converse(Client) end)),
    accept(Listener).

converse(Client) ->
    case gen_tcp:recv(Client, 0) of
        {ok, Line} ->
            timer:sleep(milliseconds(Line)),
            {ok, Ids} = file:read_link("/proc/thread-self"),
            gen_tcp:send(Client, [string:replace(Ids, "/task/", " "), "\n"]),
            converse(Client);
        {error, _} ->
            gen_tcp:close(Client)
    end.

milliseconds(<<"work ", Rest/binary>>) -> binary_to_integer(string:trim(Rest));
milliseconds(_) -> 0.
