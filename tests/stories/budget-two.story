# Two budgets hold together.
at 2026-03-02T09:10:00Z
policy
  receiver cm budget=3/day,2/hour
  route to=cm

hit A
> alert cm A
hit B
> alert cm B
hit C
= C cm digest budget 2/hour is spent
+1h
hit D
> alert cm D
hit E
= E cm digest budget 3/day is spent
at 2026-03-03T08:00:00Z
> digest cm C E
