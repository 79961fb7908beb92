# Half past two does not exist that night: it is told at the jump. In autumn it exists twice,
# and is told once.
zone Paris CET-1CEST,M3.5.0,M10.5.0/3
at 2026-03-28T12:00:00Z
policy
  receiver cm
  route to=cm digest=daily@02:30+empty zone=Paris

hit A
= A cm digest 2026-03-29T01:00:00Z
at 2026-03-29T01:00:00Z
> digest cm A
at 2026-03-30T00:29:00Z
at 2026-03-30T00:30:00Z
> digest cm nothing
policy
  receiver cm
  route to=cm

at 2026-10-24T12:00:00Z
policy
  receiver cm
  route to=cm digest=daily@02:30+empty zone=Paris

at 2026-10-25T00:30:00Z
> digest cm nothing
at 2026-10-26T01:29:59Z
at 2026-10-26T01:30:00Z
> digest cm nothing
