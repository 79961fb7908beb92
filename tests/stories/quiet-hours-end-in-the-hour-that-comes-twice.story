# Quiet until half past two; the clock is put back from three to two. Free at the first half past
# two; quiet again in the second hour until its half.
zone Paris CET-1CEST,M3.5.0,M10.5.0/3
at 2026-10-24T22:00:00Z
policy
  receiver cm zone=Paris quiet=23:00-02:30
  route to=cm

hit A
= A cm held 2026-10-25T00:30:00Z
at 2026-10-25T00:30:00Z
> alert cm A
at 2026-10-25T01:10:00Z
hit B
= B cm held 2026-10-25T01:30:00Z
at 2026-10-25T01:30:00Z
> alert cm B
