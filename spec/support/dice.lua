--- Numbers that look drawn and are the same for the same seed, whoever else draws some.
-- Knuth's linear congruential generator, of which the upper bits are taken.
-- @tparam integer state seed; what differs a little should be spread by the caller
-- @treturn function `roll(n)`: from 1 to n
return function(state)
  return function(n)
    state = state * 6364136223846793005 + 1442695040888963407
    return (state >> 33) % n + 1
  end
end
