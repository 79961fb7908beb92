# Acknowledged when the next message of the group waits already: that one still goes out.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=rule wait=10s interval=5m repeat=1h

hit A
+10s
> alert cm A
+1m
hit B
ack rule=acme
+5m
> alert cm B
