# A story is remembered for as long as it is open, and a day.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm

hit A
> alert cm A
+8d
hit B story=A mentions=2
> alert cm B
