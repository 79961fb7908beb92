# A silence that ends, or is taken back, before what waits is told, has kept nothing out of it.
at 2026-03-02T23:00:00Z
policy
  receiver cm quiet=22:00-07:00
  route to=cm

hit A score=2
hit B kind=topic
silence one until=+1h "ends in the night"
silence two until=+1d kind=topic "taken back"
+6h
unsilence two
at 2026-03-03T07:00:00Z
> alert cm A
> alert cm B
law cm candidates=2 silenced=0 on_way=2
