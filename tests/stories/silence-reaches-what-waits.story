# What waits is silenced by a silence that holds when it would be told.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=brand wait=1m

hit A
hit B brand=Other
silence acme until=+1d by=ann brand=Acme "we know"
hit C
= C cm silenced acme by ann: we know
+1m
> alert cm B
= A cm silenced acme by ann: we know
law cm candidates=3 silenced=2 on_way=1
# Its group is none that was told: what comes behind the silence waits for company.
+1d
hit D
+1m
> alert cm D
