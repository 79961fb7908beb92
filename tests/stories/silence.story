# A silence keeps what matches it from the receivers, for its time.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  receiver boss
  route to=cm,boss

silence strike brand=Acme tag=strike until=+2h "planned strike"
hit A tag=strike
= A cm silenced silence strike by anna: planned strike
hit B
> alert boss B
> alert cm B
+2h
hit C tag=strike
> alert boss C
> alert cm C
law cm candidates=3 silenced=1
