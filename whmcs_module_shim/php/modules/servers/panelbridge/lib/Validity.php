<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge;

/** Until when a customer may count on his access. */
final class Validity
{
    /**
     * What was paid for, without the grace that panel and plan add silently; earlier where the panel ends it earlier.
     * '' where no date is known.
     *
     * @param callable(string): string $says a member of the account
     */
    public static function of(callable $says): string
    {
        $paid = $says('entitled_until');
        $panel = $says('expires_at');
        $isEarlier = $paid === '' || (strtotime($panel) !== false && strtotime($panel) < (int) strtotime($paid));
        return $panel !== '' && $isEarlier ? $panel : $paid;
    }
}
