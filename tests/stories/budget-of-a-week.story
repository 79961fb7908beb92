# A week begins on Monday.
at 2026-03-07T12:00:00Z
policy
  receiver cm budget=1/week digest=weekly@mon@09:00
  route to=cm

hit A
> alert cm A
+1d
hit B
= B cm digest 2026-03-09T09:00:00Z budget 1/week is spent
at 2026-03-08T23:59:00Z
hit C
at 2026-03-09T00:00:00Z
hit D
> alert cm D
at 2026-03-09T09:00:00Z
> digest cm B C
