# A finding waits for no company; a critical one takes with it what waits in its group through
# quiet hours.
at 2026-03-02T23:00:00Z
policy
  receiver cm quiet=22:00-07:00
  route to=cm by=brand wait=10s

notice S severity=5 "142 in the last hour, usually 9"
+1h
notice T severity=8 "312 in the last hour, usually 9"
> notice cm S T : 142 in the last hour, usually 9
