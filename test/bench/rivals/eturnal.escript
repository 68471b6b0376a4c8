#!/usr/bin/env escript
%% The engine of eturnal (p1_stun) for the bench: eturnal.escript ADDRESS PORT REALM SECRET.
main([AddressText, PortText, Realm, Secret]) ->
    {ok, Address} = inet:parse_address(AddressText),
    {ok, _} = application:ensure_all_started(stun),
    Password = fun(Username, _Realm) -> base64:encode(crypto:mac(hmac, sha, Secret, Username)) end,
    ok = stun_listener:add_listener(Address, list_to_integer(PortText), udp,
        [use_turn,
         {auth_type, user},
         {auth_realm, list_to_binary(Realm)},
         {auth_fun, Password},
         {turn_ipv4_address, Address},
         {turn_min_port, 20000},
         {turn_max_port, 65535},
         {turn_blacklist, []},
         {turn_max_allocations, infinity},
         {turn_max_permissions, infinity},
         {shaper, none}]),
    receive stop -> ok end.
