# In the morning the best of the night go out, as far as the budget reaches.
at 2026-03-02T23:00:00Z
policy
  receiver cm budget=2/day quiet=22:00-07:00
  route to=cm

hit A score=1
hit B score=3
hit C score=2
hit D score=4
at 2026-03-03T07:00:00Z
> alert cm D
> alert cm B
at 2026-03-03T08:00:00Z
> digest cm C A
