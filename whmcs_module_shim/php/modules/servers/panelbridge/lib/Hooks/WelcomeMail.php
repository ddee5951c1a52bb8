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

/**
 * No mail with credentials before there are any: WHMCS makes up a username and a password at the order, and its
 * welcome mail would tell the client those.
 */
final class WelcomeMail
{
    /** Templates that name one of these tell credentials, welcome mail or not. */
    private const TELLS = ['service_username', 'service_password', 'panelbridge_'];

    /** @return array<string, bool|string>|null merge fields, or the veto */
    public static function beforeSending(Params $variables): ?array
    {
        $serviceId = $variables->number('relid');
        $name = $variables->text('messagename');
        $given = Credentials::ofThisRequest($serviceId);
        $tells = self::tellsCredentials($name, $serviceId);
        if (!$tells && ($given === null || !self::isAbout($variables, $serviceId))) {
            return null;
        }
        $service = OurService::find($serviceId);
        if ($service === null) {
            return null;
        }
        try {
            $answer = $given ?? self::asked($service);
        } catch (CallError $error) {
            return self::veto($service, $name, $error->sent && $error->answer !== null ? 'pending' : 'silent');
        }
        return $answer->username() === '' || !self::isReady($answer, $service)
            ? self::veto($service, $name, 'pending') : self::fields($answer, $service);
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

    private static function tellsCredentials(string $name, int $serviceId): bool
    {
        if ($name === '' || $serviceId === 0) {
            return false;
        }
        $templates = Capsule::table('tblemailtemplates')->where('type', 'product')->where('name', $name)->get();
        foreach ($templates as $template) {
            foreach (self::TELLS as $field) {
                if (str_contains((string) $template->message . (string) $template->subject, $field)) {
                    return true;
                }
            }
        }
        $ids = $templates->pluck('id')->all();
        return $ids !== [] && Capsule::table('tblhosting as h')->join('tblproducts as p', 'p.id', '=', 'h.packageid')
            ->where('h.id', $serviceId)->whereIn('p.welcomeemail', $ids)->exists();
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

    private static function isReady(Answer $answer, Params $service): bool
    {
        $hasPassword = $answer->password() !== '' || $answer->username() === $service->text('username');
        return $hasPassword && !in_array($answer->of('state'), ['', 'pending', 'preparing', 'creating'], true);
    }

    /** @return array<string, string> */
    private static function fields(Answer $answer, Params $service): array
    {
        $password = $answer->password() ?: $service->exact('password');
        return [
            'service_username' => $answer->username(),
            'service_password' => $password,
            'panelbridge_username' => $answer->username(),
            'panelbridge_password' => $password,
            'panelbridge_expires' => Text::time($answer->of('expires_at')),
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
