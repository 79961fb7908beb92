# Who would hear of it, and why; asking changes nothing.
zone Paris CET-1CEST,M3.5.0,M10.5.0/3
at 2026-03-02T09:00:00Z
policy
  receiver cm budget=1/day
  receiver boss zone=Paris quiet=09:00-12:00
  receiver mail
  route to=cm
    route kind=competitor to=mail digest=daily@08:00
    route tag=press to=boss
    route tag=slow to=mail by=brand wait=5m
    route brand=None

ask A
= A cm sending routes severity 1.00 (info)
ask A kind=competitor
= A mail digest 2026-03-03T08:00:00Z
ask A tag=press
= A boss held 2026-03-02T11:00:00Z quiet hours
ask A tag=slow
= A mail waiting 2026-03-02T09:05:00Z
hit B
> alert cm B
ask C story=B mentions=2 similarity=0.9
= C cm folded similarity 0.90
ask D
= D cm digest 2026-03-03T08:00:00Z budget 1/day is spent
ask D score=8
= D cm sending
ask D heard=cm
= D cm heard
mute author=@bot
ask E author=@bot
= E cm muted
ask_notice S severity=9 "figures"
= S cm sending
law cm candidates=1 on_way=1
law mail candidates=0
