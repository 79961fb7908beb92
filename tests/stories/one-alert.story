# A mention is told at once, and only once; taken again it changes nothing.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm

hit A
> alert cm A
= A cm sending routes severity 1.00
hit A
+1d
sent #1
hit A
law cm candidates=1 sent=1 pending=0
