# A receiver that is no more: what waits for it is given up, what is on its way is settled.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  receiver mail
  route to=cm
    route kind=competitor to=mail by=rule wait=1h
    route kind=topic to=mail digest=daily@08:00
    route kind=product to=mail

hit A kind=competitor
hit B kind=topic
hit C kind=product
> alert mail C
policy
  receiver cm
  route to=cm

= A mail given up
= B mail given up
law mail candidates=3 dead=2 on_way=1
sent #1
law mail candidates=3 dead=2 sent=1 pending=0
+2d
policy
  receiver mail
  route to=mail by=rule

hit D
> alert mail D
law mail candidates=4 dead=2 sent=1 on_way=1
