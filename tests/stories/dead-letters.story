# A dead letter counts as dead; driven again it is pending, and may still be sent.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=rule wait=10s

hit A
hit B
+10s
> alert cm A B
dead #1
law cm dead=2 pending=0
dead #1
law cm dead=2
drive #1
law cm dead=0 on_way=2
drive #1
dead #1
sent #1
law cm sent=2 dead=0
sent #1
dead #1
law cm sent=2 dead=0 candidates=2
