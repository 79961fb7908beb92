# What comes new in an acknowledged group is told, and is to be acknowledged anew.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=rule wait=10s interval=5m repeat=1h

hit A
+10s
> alert cm A
ack rule=acme
+2h
hit B
+5m
> alert cm B
+1h
> repeat cm B of #2 nth=1
