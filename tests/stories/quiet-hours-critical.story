# A call when it burns: critical ones pass quiet hours, unless these are strict.
at 2026-03-02T23:00:00Z
policy
  receiver cm quiet=22:00-07:00
  receiver boss quiet=22:00-07:00 strict
  route to=cm,boss

hit A score=6.99
hit B score=7
> alert cm B
at 2026-03-03T07:00:00Z
> alert boss B
> alert boss A
> alert cm A
