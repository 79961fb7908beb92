# A reload without quiet hours lets go what they held.
at 2026-03-02T23:00:00Z
policy
  receiver cm quiet=22:00-07:00
  route to=cm

hit A
+10m
policy
  receiver cm
  route to=cm

> alert cm A
