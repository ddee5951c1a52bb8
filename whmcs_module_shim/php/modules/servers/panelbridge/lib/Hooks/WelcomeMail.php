<?php

declare(strict_types=1);

namespace WHMCS\Module\Server\Panelbridge\Hooks;

use WHMCS\Database\Capsule;
use WHMCS\Module\Server\Panelbridge\Answer;
use WHMCS\Module\Server\Panelbridge\BridgeClient;
use WHMCS\Module\Server\Panelbridge\CallError;
use WHMCS\Module\Server\Panelbridge\Credentials;
use WHMCS\Module\Server\Panelbridge\Language;
use WHMCS\Module\Server\Panelbridge\Log;
use WHMCS\Module\Server\Panelbridge\OurService;
use WHMCS\Module\Server\Panelbridge\Params;
use WHMCS\Module\Server\Panelbridge\Products;
use WHMCS\Module\Server\Panelbridge\ServiceCall;
use WHMCS\Module\Server\Panelbridge\Text;
use WHMCS\Module\Server\Panelbridge\Validity;

/**
 * No mail with credentials before there are any: WHMCS makes up a username and a password at the order, and its
 * welcome mail would tell the client those.
 */
final class WelcomeMail
{
    /** A template with one of these is filled from the bridge. */
    private const FILLED = ['service_username', 'service_password', 'panelbridge_'];

    /** With one of these it tells credentials, welcome mail or not, and is held back while there are none. */
    private const TELLS = ['service_password', 'panelbridge_username', 'panelbridge_password'];

    /** @return array<string, bool|string>|null merge fields, or the veto */
    public static function beforeSending(Params $variables): ?array
    {
        $serviceId = $variables->number('relid');
        $name = $variables->text('messagename');
        $given = Credentials::ofThisRequest($serviceId);
        $text = $name === '' || $serviceId === 0 ? '' : self::template($name);
        $isFilled = self::names($text, self::FILLED) || self::isWelcome($name, $serviceId);
        if (!$isFilled && ($given === null || !self::isAbout($variables, $serviceId))) {
            return null;
        }
        $service = OurService::find($serviceId);
        if ($service === null) {
            return null;
        }
        $mayBeHeld = self::names($text, self::TELLS) || self::isWelcome($name, $serviceId);
        try {
            $answer = $given ?? self::asked($service);
        } catch (CallError $error) {
            $why = $error->sent && $error->answer !== null ? 'pending' : 'silent';
            return $mayBeHeld ? self::veto($service, $name, $why) : null;
        }
        if ($answer->username() === '' || !self::isReady($answer)) {
            return $mayBeHeld ? self::veto($service, $name, 'pending') : null;
        }
        if ($mayBeHeld && $answer->password() === '') {
            return self::veto($service, $name, 'no_password');
        }
        return self::fields($answer);
    }

    /** @return array<string, string> what SendEmail needs to send the product's mail, or ours where it has none */
    public static function forProduct(int $productId): array
    {
        $product = Products::ours($productId);
        $template = $product === null ? 0 : $product->number('welcomeemail');
        $row = Capsule::table('tblemailtemplates')->where('id', $template);
        $name = $template === 0 ? '' : (string) $row->value('name');
        if ($name !== '') {
            return ['messagename' => $name];
        }
        return [
            'customtype' => 'product',
            'customsubject' => Language::text('mail_subject'),
            'custommessage' => Language::text('mail_body'),
        ];
    }

    /** Subject and message of a product mail, in all languages; '' for other mails. */
    private static function template(string $name): string
    {
        $rows = Capsule::table('tblemailtemplates')->where('type', 'product')->where('name', $name)->get();
        $texts = $rows->map(static fn (object $row): string => $row->subject . ' ' . $row->message);
        return implode(' ', $texts->all());
    }

    private static function isWelcome(string $name, int $serviceId): bool
    {
        return $name !== '' && $serviceId > 0 && Capsule::table('tblhosting as h')
            ->join('tblproducts as p', 'p.id', '=', 'h.packageid')
            ->join('tblemailtemplates as m', 'm.id', '=', 'p.welcomeemail')
            ->where('h.id', $serviceId)->where('m.type', 'product')->where('m.name', $name)->exists();
    }

    /** @param list<string> $fields */
    private static function names(string $text, array $fields): bool
    {
        foreach ($fields as $field) {
            if (str_contains($text, $field)) {
                return true;
            }
        }
        return false;
    }

    /** A mail without a template is about this service when its own fields say so. */
    private static function isAbout(Params $variables, int $serviceId): bool
    {
        return $serviceId > 0 && $variables->member('mergefields', 'service_id') === (string) $serviceId;
    }

    private static function asked(Params $service): Answer
    {
        $call = ServiceCall::about($service);
        return $call->send('Account', [], ['with_password' => true], BridgeClient::PAGE_DEADLINE);
    }

    private static function isReady(Answer $answer): bool
    {
        $unmade = ['', 'pending', 'preparing', 'creating', 'refused', 'delayed'];
        return !in_array($answer->of('state'), $unmade, true);
    }

    /** @return array<string, string> only credentials that work: what WHMCS made up or the panel refused is none */
    private static function fields(Answer $answer): array
    {
        $until = Text::time(Validity::of($answer->of(...)));
        $lines = array_map(
            static fn (array $line): string => trim($line['label'] . ': ' . $line['value'], ': '),
            $answer->connect()
        );
        $fields = [
            'service_username' => $answer->username(),
            'service_password' => $answer->password(),
            'panelbridge_username' => $answer->username(),
            'panelbridge_password' => $answer->password(),
        ];
        return array_filter($fields, static fn (string $value): bool => $value !== '') + [
            'panelbridge_expires' => $until !== '' ? $until : Language::text('mail_no_end'),
            'panelbridge_connect' => implode("<br>\n", array_map([Text::class, 'html'], $lines)),
        ];
    }

    /** @return array{abortsend: bool} */
    private static function veto(Params $service, string $name, string $why): array
    {
        $values = [
            'id' => $service->serviceId(),
            'mail' => Text::line($name),
            'why' => Language::text('mail_why_' . $why),
        ];
        Log::activity(Language::text('mail_vetoed', $values), $service->number('userid'));
        return ['abortsend' => true];
    }
}
