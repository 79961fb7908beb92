# Repeats keep quiet hours, too.
at 2026-03-02T21:00:00Z
policy
  receiver cm quiet=22:00-07:00
  route to=cm by=rule repeat=2h

hit A
> alert cm A
at 2026-03-03T06:59:00Z
at 2026-03-03T07:00:00Z
> repeat cm A of #1 nth=1
ack rule=acme
+1d
