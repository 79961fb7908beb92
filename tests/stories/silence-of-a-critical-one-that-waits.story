# What only went by for the sake of a critical mention stays held when that one is silenced.
at 2026-03-02T21:55:00Z
policy
  receiver cm quiet=22:00-07:00
  route to=cm by=rule wait=10m

hit A score=2
hit B score=8 brand=Other
silence other until=+1h brand=Other "known"
+10m
= B cm silenced other
= A cm held quiet hours
law cm silenced=1 waiting=1
at 2026-03-03T07:00:00Z
> alert cm A
