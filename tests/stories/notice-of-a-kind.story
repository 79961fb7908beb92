# A spike is of kind spike, and of the kind of its brand: the first route that fits hears of it.
at 2026-03-02T09:00:00Z
policy
  receiver cm
  receiver rivals
  receiver burns
  route to=cm
    route kind=competitor to=rivals
    route kind=spike to=burns

notice N brand=Rival of=competitor "40 in the last hour, usually 5"
> notice rivals N : 40 in the last hour, usually 5
notice M brand=Acme of=brand "90 in the last hour, usually 5"
> notice burns M : 90 in the last hour, usually 5
silence rivals until=+1h kind=competitor "the fair"
notice O brand=Other of=competitor "50 in the last hour, usually 5"
= O rivals silenced rivals
