# What nobody acknowledges is repeated ten times, not for ever.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm by=rule repeat=1h

hit A
> alert cm A
+9h
> repeat cm A of #1 nth=1
> repeat cm A of #1 nth=2
> repeat cm A of #1 nth=3
> repeat cm A of #1 nth=4
> repeat cm A of #1 nth=5
> repeat cm A of #1 nth=6
> repeat cm A of #1 nth=7
> repeat cm A of #1 nth=8
> repeat cm A of #1 nth=9
+3d
> repeat cm A of #1 nth=10
