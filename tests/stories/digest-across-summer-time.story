# Eight o'clock is eight o'clock: the day the clock is put forward is an hour shorter.
zone Paris CET-1CEST,M3.5.0,M10.5.0/3
at 2026-03-28T06:00:00Z
policy
  receiver cm
  route to=cm digest=daily@08:00 zone=Paris

hit A
at 2026-03-28T07:00:00Z
> digest cm A
hit B
= B cm digest 2026-03-29T06:00:00Z
at 2026-03-29T06:00:00Z
> digest cm B
hit C
at 2026-03-30T06:00:00Z
> digest cm C
