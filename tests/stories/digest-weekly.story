# Monday morning.
at 2026-03-04T09:00:00Z
policy
  receiver cm
  route to=cm digest=weekly@mon@07:30

hit A
= A cm digest 2026-03-09T07:30:00Z
at 2026-03-09T07:30:00Z
> digest cm A
hit B
at 2026-03-16T07:30:00Z
> digest cm B
