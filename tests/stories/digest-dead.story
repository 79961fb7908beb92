# A digest that cannot be delivered is dead with all it held.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  route to=cm digest=daily@08:00

hit A
hit B
at 2026-03-03T08:00:00Z
> digest cm A B
dead #1
law cm dead=2 digested=0
sent #1
law cm dead=0 digested=2
