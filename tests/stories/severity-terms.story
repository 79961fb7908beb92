# A severity is a sum that can be shown: rules, followers, ratings, what the operator adds.
at 2026-03-02T09:00:00Z
policy
  severity score=1 followers=1 extra=2.5:tag=press warning=3 critical=6
  receiver cm
  route to=cm by=rule wait=1m

ask A followers=999
= A cm waiting severity 4.00 (warning)
ask A tag=press
= A cm waiting severity 3.50 (warning)
ask A tag=press followers=999
= A cm waiting severity 6.50 (critical)
ask A rating=1
= A cm waiting severity 3.00 (warning)
ask A rating=3
= A cm waiting severity 1.00 (info)
law cm candidates=0
