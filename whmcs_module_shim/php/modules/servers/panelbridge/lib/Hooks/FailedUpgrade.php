<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge\Hooks;

use WHMCS\Module\Server\Panelbridge\Alerts;
use WHMCS\Module\Server\Panelbridge\BillingState;
use WHMCS\Module\Server\Panelbridge\CallNotes;
use WHMCS\Module\Server\Panelbridge\Language;
use WHMCS\Module\Server\Panelbridge\Lifecycle;
use WHMCS\Module\Server\Panelbridge\Params;
use WHMCS\Module\Server\Panelbridge\Text;
use WHMCS\Module\Server\Panelbridge\Version;

/**
 * A paid package change that failed. WHMCS already moved product and price and tells neither client nor staff.
 *
 * Nothing is moved back by itself: the new product is what was paid for and wanted, and one click completes it once the
 * cause is gone; moving back would need a refund, which only a person decides.
 */
final class FailedUpgrade
{
    public static function happened(Params $variables): void
    {
        $params = Params::ofPlain($variables->list('params'));
        $message = Text::line($variables->text('failureResponseMessage'));
        $isPending = Lifecycle::isPendingText($message);
        $isRepeated = CallNotes::of($params->serviceId(), 'ChangePackage') !== null;
        if ($params->text('moduletype') !== Version::MODULE || $isPending || $isRepeated) {
            return; // what the bridge did not answer, the cron repeats: nobody has to press anything
        }
        $from = BillingState::of($params->serviceId())->movedFrom();
        $values = ['id' => $params->serviceId(), 'why' => Text::sentence($message)];
        $values['from'] = $from === '' ? '' : Language::text('upgrade_from', ['product' => $from]);
        Alerts::show(Language::text('upgrade_failed', $values), $params->number('userid'));
    }
}
