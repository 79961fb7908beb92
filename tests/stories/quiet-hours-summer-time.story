# The night the clock is put forward is an hour shorter, the other one an hour longer.
zone Paris CET-1CEST,M3.5.0,M10.5.0/3
at 2026-03-28T22:30:00Z
policy
  receiver cm zone=Paris quiet=23:00-06:30
  route to=cm

hit A
= A cm held 2026-03-29T04:30:00Z
at 2026-03-29T04:30:00Z
> alert cm A
at 2026-10-24T22:30:00Z
hit B
= B cm held 2026-10-25T05:30:00Z
at 2026-10-25T05:30:00Z
> alert cm B
