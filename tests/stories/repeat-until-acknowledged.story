# Told, and told again until somebody says they have seen it.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=rule wait=10s interval=5m repeat=4h

hit A
hit B score=3
+10s
> alert cm A B
+4h
> repeat cm B +1 of #1 nth=1
+4h
> repeat cm B +1 of #1 nth=2
ack rule=acme
+2d
ack rule=acme unknown
law cm candidates=2 on_way=2
