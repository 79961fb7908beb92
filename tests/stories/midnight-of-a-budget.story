# A budget's day is the receiver's day.
zone Auckland NZST-12NZDT,M9.5.0,M4.1.0/3
at 2026-03-02T10:59:00Z
policy
  receiver cm budget=1/day zone=Auckland
  route to=cm

hit A
> alert cm A
hit B
= B cm digest 2026-03-02T19:00:00Z
at 2026-03-02T11:00:00Z
hit C
> alert cm C
at 2026-03-02T19:00:00Z
> digest cm B
