# A dead letter nobody keeps stays dead, and cannot be driven any more.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm

hit A
> alert cm A
bury #1
law cm on_way=1
dead #1
bury #1
drive #1
sent #1
law cm dead=1 pending=0 candidates=1
