# Nothing is left out of a digest for want of room: it comes in parts.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm digest=daily@08:00

hit A score=1
hit B score=2
hit C score=3
hit D score=4
hit E score=5
hit F score=6
hit G score=7
at 2026-03-03T08:00:00Z
> digest cm G F E D C part=1/2
> digest cm B A part=2/2
sent #3
sent #2
law cm candidates=7 digested=2 on_way=5
