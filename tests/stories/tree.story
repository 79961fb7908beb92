# The first matching child wins unless it says continue; who matches none is the parent's.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  receiver boss
  receiver mail
  route to=cm
    route kind=competitor to=mail
    route tag=press to=boss continue
    route lang=fr to=mail
      route author=@vip to=boss,mail

hit A kind=competitor tag=press
> alert mail A
hit B tag=press
> alert boss B
hit C tag=press lang=fr-FR
> alert boss C
> alert mail C
hit D lang=fr author=@vip
> alert boss D
> alert mail D
= D boss sending routes.routes[2].routes[0]
hit E
> alert cm E
