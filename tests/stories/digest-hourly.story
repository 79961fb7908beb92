# A quarter past each hour, where the clock is half an hour off, too.
zone India IST-5:30
at 2026-03-04T09:00:00Z
policy
  receiver cm
  route to=cm digest=hourly@15 zone=India

hit A
= A cm digest 2026-03-04T09:45:00Z
+45m
> digest cm A
hit B
+1h
> digest cm B
