# A route is mute at the weekend; another is active in office hours only.
at 2026-03-06T16:30:00Z
policy
  receiver cm
  receiver desk
  interval weekend 00:00-00:00/sat,sun
  interval office 09:00-17:00/mon,tue,wed,thu,fri
  route to=cm mute_times=weekend
    route kind=competitor to=desk active_times=office mute_times=

hit A
> alert cm A
hit B kind=competitor
> alert desk B
at 2026-03-07T12:00:00Z
hit C score=9
= C cm held 2026-03-09T00:00:00Z mute_times weekend
hit D kind=competitor
= D desk held 2026-03-09T09:00:00Z outside of active_times
at 2026-03-09T00:00:00Z
> alert cm C
at 2026-03-09T09:00:00Z
> alert desk D
