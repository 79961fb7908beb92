# After a lost Redis the ledger knows who was told: not told again, not counted again.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  receiver boss
  route to=cm,boss

hit A heard=cm
> alert boss A
= A cm heard ledger
law cm candidates=0
law boss candidates=1 on_way=1
