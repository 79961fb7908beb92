# What is over budget is asked once more when its digest is told.
at 2026-03-02T09:00:00Z
policy
  receiver cm budget=1/day digest=daily@18:00
  route to=cm

hit A
> alert cm A
hit B
= B cm digest budget
hit C lang=fr
mute author=@nobody
silence french until=+1d lang=fr "read elsewhere"
at 2026-03-02T18:00:00Z
> digest cm B
= C cm silenced french
sent #1 #2
law cm candidates=3 sent=1 digested=1 silenced=1
# The story of what was kept out is not known: a copy is a candidate like a first one.
+1d
hit D story=C mentions=2 lang=fr
> alert cm D
