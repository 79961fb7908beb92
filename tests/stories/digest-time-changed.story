# A reload gives the digest another time: what was collected is told at the old one, once more.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm digest=daily@08:00+empty

hit A
policy
  receiver cm
  route to=cm digest=daily@18:00+empty

hit B
at 2026-03-02T18:00:00Z
> digest cm B
at 2026-03-03T08:00:00Z
> digest cm A
at 2026-03-03T18:00:00Z
> digest cm nothing
at 2026-03-04T08:00:00Z
