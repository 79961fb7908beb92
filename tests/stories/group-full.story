# A group as large as a message waits no longer.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=rule wait=1h

hit A
hit B
hit C
hit D
hit E
> alert cm A B C D E
hit F
+2h
> alert cm F
