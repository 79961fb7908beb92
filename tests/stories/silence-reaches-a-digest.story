# A digest is without what is silenced or muted when it is told; "nothing", if nothing is left.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  receiver mail
  route to=cm,mail digest=daily@08:00
    route kind=topic to=cm digest=daily@12:00+empty

hit A site=bad.example
hit B
mute site=bad.example receiver=mail
at 2026-03-02T12:00:00Z
> digest cm nothing
at 2026-03-03T08:00:00Z
> digest cm A B
> digest mail B
= A mail muted site bad.example
at 2026-03-03T12:00:00Z
> digest cm nothing
hit C kind=topic
silence topics until=+2d kind=topic "not now"
at 2026-03-04T12:00:00Z
> digest cm nothing
= C cm silenced topics
sent #2 #3
law cm candidates=3 digested=2 silenced=1 pending=0
law mail candidates=2 digested=1 muted=1
