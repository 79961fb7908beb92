# "Nothing today" is said to who asked for it, and only to them.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  receiver mail
  route to=cm digest=daily@08:00+empty
    route kind=topic to=mail digest=daily@08:00

at 2026-03-03T08:00:00Z
> digest cm nothing
hit A
at 2026-03-04T08:00:00Z
> digest cm A
at 2026-03-05T08:00:00Z
> digest cm nothing
law cm candidates=1 on_way=1
