# A silence for one receiver only, and one by numbers.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  receiver boss
  route to=cm,boss

silence small receiver=boss severity<4
hit A
> alert cm A
= A boss silenced
hit B score=4
> alert boss B
> alert cm B
