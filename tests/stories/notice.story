# A finding of vigie's own goes by the routes like a mention, with its figures, in a message of
# its own.
at 2026-03-02T23:00:00Z
policy
  receiver cm quiet=22:00-07:00 budget=1/day
  receiver mail
  route to=cm by=brand wait=10s
    route kind=spike severity=critical to=cm,mail by=mention

hit A
notice S severity=5 "142 in the last hour, usually 9"
= S cm held quiet hours
+10s
notice T severity=8 "312 in the last hour, usually 9"
> notice cm T : 312 in the last hour, usually 9
> notice mail T : 312 in the last hour, usually 9
notice T severity=8 "again"
at 2026-03-03T07:00:00Z
> notice cm S : 142 in the last hour, usually 9
at 2026-03-03T08:00:00Z
> digest cm A
