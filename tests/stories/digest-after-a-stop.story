# The machine was off at eight: told when it is back, once, and then at eight again.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm digest=daily@08:00

hit A
back 1s
+1s
at 2026-03-03T07:00:00Z
hit B
at 2026-03-03T08:00:00Z
> digest cm A B
